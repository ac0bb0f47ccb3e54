"""The mutations of outgoing webhooks, for staff."""

import strawberry

from auth.permissions import WEBHOOKS
from resolvers.webhooks import deliveries, endpoints
from schema.declarations.payloads import mutation
from schema.payloads.webhooks import mutations as webhooks


@strawberry.type(description="Outgoing webhooks.")
class WebhookMutations:
    save_webhook_endpoint = mutation(
        endpoints.save,
        name="saveWebhookEndpoint",
        input_type=webhooks.SaveWebhookEndpointInput,
        payload_type=webhooks.SaveWebhookEndpointPayload,
        payload_field=("endpoint", "secret", "outcome"),
        permission=WEBHOOKS,
        description="For staff: create an endpoint, or change one. A new one is sent what happens from now on. INVALID_VALUE, NOT_FOUND. "
        "DOCUMENT_INVALID: the document is unknown, is not one query of an event, or has a field that the scopes do not allow.",
    )
    delete_webhook_endpoint = mutation(
        endpoints.delete,
        name="deleteWebhookEndpoint",
        input_type=webhooks.DeleteWebhookEndpointInput,
        payload_type=webhooks.DeleteWebhookEndpointPayload,
        payload_field="deleted_endpoint_id",
        permission=WEBHOOKS,
        description="For staff: delete an endpoint with its deliveries. NOT_FOUND.",
    )
    rotate_webhook_secret = mutation(
        endpoints.rotate,
        name="rotateWebhookSecret",
        input_type=webhooks.RotateWebhookSecretInput,
        payload_type=webhooks.RotateWebhookSecretPayload,
        payload_field=("endpoint", "secret"),
        permission=WEBHOOKS,
        description="For staff: replace the secret and the Ed25519 key of an endpoint. Messages are signed with those of before, too, for some hours. NOT_FOUND, INVALID_VALUE.",
    )
    ping_webhook_endpoint = mutation(
        endpoints.ping,
        name="pingWebhookEndpoint",
        input_type=webhooks.PingWebhookEndpointInput,
        payload_type=webhooks.PingWebhookEndpointPayload,
        payload_field="delivery",
        permission=WEBHOOKS,
        description="For staff: send an event of type `webhook_endpoint.ping` to an endpoint. NOT_FOUND.",
    )
    redeliver = mutation(
        deliveries.redeliver,
        name="redeliver",
        input_type=webhooks.RedeliverInput,
        payload_type=webhooks.RedeliverPayload,
        payload_field="deliveries",
        permission=WEBHOOKS,
        description="For staff: send deliveries once more, also those that succeeded, with the same `webhook-id`. NOT_FOUND: one is unknown, and none is sent. INVALID_VALUE.",
    )
    replay_events = mutation(
        deliveries.replay,
        name="replayEvents",
        input_type=webhooks.ReplayEventsInput,
        payload_type=webhooks.ReplayEventsPayload,
        payload_field="replay",
        permission=WEBHOOKS,
        description="For staff: send an endpoint the events since an instant once more, with the same `webhook-id`. NOT_FOUND, INVALID_VALUE.",
    )
    dry_run_webhook = mutation(
        deliveries.dry_run,
        name="dryRunWebhook",
        input_type=webhooks.DryRunWebhookInput,
        payload_type=webhooks.DryRunWebhookPayload,
        payload_field="dry_run",
        permission=WEBHOOKS,
        description="For staff: show what an endpoint would be sent of an event. Nothing is sent. NOT_FOUND.",
    )
