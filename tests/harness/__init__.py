"""What tests run Postroom in: one emulated Google, stores, a clock and a queue.

`google.Harness` is the emulated Google in this process with the mailbox under test; each other
module adds the part of Postroom that its tests are about: `acting` the API and its actions,
`syncing` the sync of one mailbox, `sending` the sends, `connecting` a deployment and browsers.
`laptop` runs the whole of it on sockets, as `make demo` does.
"""
