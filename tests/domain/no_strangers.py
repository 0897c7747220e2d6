"""Functions of the domain that take text and meet no stranger's, by what they take."""

from typing import Final

NO_STRANGERS: Final = {
    "our own ids, keys and tokens": (
        "child_key.child_of draft_copy.thawed_copy"
        " api_key.digest_of api_key.id_in api_key.new_token approval.approval_id"
        " connect_session.token_hash"
        " ids.email_key ids.first_mailbox_id ids.first_mailbox_ids ids.sub_by_address ids.told_sub"
        " entry.send_id count.empty_count ids.shard_of"
        " trace_context.traceparent_for"
        " event.failed_model_event event.new_event event.model_event"
        " record.saved_row record.row_to_save record.fields_to_store record.write_row"
        " state.state_id sync.adapter_of"
        " troubles.code_of troubles.concern_of troubles.docs_of troubles.treatment_of"
        " troubles.description_of troubles.error_object status.deferral"
    ),
    "what Postroom itself wrote": (
        "approval.approval_event base64url.encode_base64url"
        " cursor.cursor_of cursor.page_token_of delivery.due_to"
        " content.content_row delivery.body_of"
        " delivery.settle message_fields.label_fields rows.head_fields search.leading_term"
        " observations.cap_kinds operation.new_operation policy.policy_of projection.project"
        " event.bounce_event"
        " event.send_event request.thaw event.failed_sync_event"
        " event.sync_event delivery.shown_payload"
    ),
    "a product's call, its length limited where the request is read": (
        "end_user.end_user_from end_user.known_email end_user.known_name end_user.shown_end_user"
        " end_user.tags_from"
        " given_threading.with_given_threading"
        " frequency.frequency_from mime.mark_raw outgoing.check outgoing.check_message_size"
        " policy.parse_policy quota_units.pattern_of quota_units.units_of scopes.implied_scopes"
        " scopes.missing scopes.is_narrowed scopes.reads"
        " union_problems.branches union_problems.has union_problems.meant_problems"
        " scopes.spelled_out selection.selection validation.place_problems validation.validate"
        " addresses.origin_of validation.is_deep"
        " webhook_secret.checked_secret webhook_secret.signed_headers flavour.in_flavour"
        " flavour.checked_nango_secret flavour.nango_headers selection.window_start"
    ),
    "an operator's setting": (
        "alias.read_alias alias.read_aliases brand.checked_colour brand.checked_logo"
        " brand.luminance"
    ),
    "rows of a deployment's own modules": "own_reach.require_reach",
    "looks at one value and no further": (
        "email_parts.as_count email_parts.as_object email_parts.as_text email_parts.is_behind_id"
        " bodies.has_content bodies.kind_of"
    ),
}
