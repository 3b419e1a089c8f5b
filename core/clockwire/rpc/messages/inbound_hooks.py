"""Inbound hooks, to and from the contract's messages."""

from clockwire.model.errors import FieldInvalid
from clockwire.model.inbound_hook import HookService, InboundHook, IssuedHook
from clockwire.model.instants import to_timestamp
from clockwire.model.signing import Secret, check_secret
from clockwire.v1 import inbound_hook_service_pb2 as messages


def hook_message(hook: InboundHook) -> messages.InboundHook:
    """The hook as the contract shows it, without anything that opens it."""
    return messages.InboundHook(
        id=hook.id,
        name=hook.name,
        service=messages.InboundHook.Service.ValueType(hook.service),
        user_id=hook.user_id,
        commands=hook.commands,
        state=messages.InboundHook.State.ValueType(hook.state),
        signed=hook.secret is not None,
        create_time=to_timestamp(hook.create_time),
        update_time=to_timestamp(hook.update_time),
        create_api_key_id=hook.create_api_key_id,
    )


def created_response(issued: IssuedHook) -> messages.CreateInboundHookResponse:
    """A new hook and its token."""
    message = hook_message(issued.hook)
    return messages.CreateInboundHookResponse(inbound_hook=message, token=issued.token, path=issued.path)


def reset_response(issued: IssuedHook) -> messages.ResetInboundHookTokenResponse:
    """A hook and its new token."""
    message = hook_message(issued.hook)
    return messages.ResetInboundHookTokenResponse(inbound_hook=message, token=issued.token, path=issued.path)


def service_of(hook: messages.InboundHook) -> HookService:
    """Who will send. Raises FieldInvalid."""
    try:
        return HookService(hook.service or HookService.GENERIC)
    except ValueError:
        raise FieldInvalid.of("inbound_hook.service", f"{hook.service} is not known") from None


def secret_of(request: messages.CreateInboundHookRequest) -> Secret | None:
    """What requests will be signed with, if anything. Raises FieldInvalid."""
    return check_secret(request.secret) if request.secret else None
