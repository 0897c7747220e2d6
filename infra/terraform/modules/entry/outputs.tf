output "records" {
  description = "The domain's records: the CNAME lets the certificate be issued, A and AAAA bring the callers."
  value = concat(
    [
      for one in google_certificate_manager_dns_authorization.this.dns_resource_record :
      "${one.name} ${one.type} ${one.data}"
    ],
    [
      for version, one in local.addresses :
      "${var.domain}. ${one.record} ${google_compute_global_address.this[version].address}"
    ],
  )
}
