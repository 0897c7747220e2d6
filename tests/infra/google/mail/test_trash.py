"""Into trash and out of it: what happens to INBOX on the way, as recorded."""

from tests.infra.google.mail.room import Room


def test_spam_and_trash_are_listed_only_when_asked_for(room: Room):
    spam = room.deliver("Subject: s", label_ids=("SPAM",))
    assert room.call("messages.list") == {"resultSizeEstimate": 0}
    for query in ({"includeSpamTrash": "true"}, {"labelIds": "SPAM"}, {"q": "in:anywhere"}):
        assert room.call("messages.list", query=query)["messages"][0]["id"] == spam


def test_trash_takes_out_of_the_inbox_and_untrash_does_not_put_back(room: Room):
    id = room.deliver("Subject: s")
    assert room.call("messages.trash", id=id)["labelIds"] == ["UNREAD", "TRASH"]
    assert room.call("messages.get", id=id)["labelIds"] == ["UNREAD", "TRASH"]
    back = room.call("messages.untrash", id=id)
    assert back["labelIds"] == ["UNREAD"]
    assert list(back) == [
        "id",
        "threadId",
        "labelIds",
        "snippet",
        "sizeEstimate",
        "historyId",
        "internalDate",
    ]


def test_one_modify_takes_out_of_trash_and_back_into_the_inbox(room: Room):
    id = room.deliver("Subject: s")
    room.call("messages.trash", id=id)
    room.call("messages.modify", {"addLabelIds": ["INBOX"], "removeLabelIds": ["TRASH"]}, id=id)
    assert room.labels(id) == ["INBOX", "UNREAD"]


def test_archived_mail_comes_back_from_trash_archived(room: Room):
    id = room.deliver("Subject: s", label_ids=())
    room.call("messages.trash", id=id)
    assert "labelIds" not in room.call("messages.untrash", id=id)


def test_the_label_trash_works_like_trashing(room: Room):
    id = room.deliver("Subject: s")
    room.call("messages.modify", {"addLabelIds": ["TRASH"]}, id=id)
    assert room.labels(id) == ["TRASH", "UNREAD"]
    room.call("messages.untrash", id=id)
    assert room.labels(id) == ["UNREAD"]
