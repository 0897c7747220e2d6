"""`modify-messages`: one change of labels to many messages."""

from shared.actions.gmail.gmail_fields import Done
from shared.actions.gmail.messages import BatchModifyInput, batch_modify_messages
from shared.actions.registry import Action, Effect
from shared.domain.connect.scopes import MODIFY
from shared.domain.keys.policy import Does

ACTION = Action(
    name="modify-messages",
    summary="Add and remove labels: remove UNREAD marks read, remove INBOX archives, add STARRED.",
    input=BatchModifyInput,
    output=Done,
    run=batch_modify_messages,
    scopes=(MODIFY,),
    effect=Effect.STORED,
    does=Does.CHANGE,
)
