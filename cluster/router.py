"""Which replica is asked: the one that keeps what a question names, or the less busy of two."""

import random

from ray.serve.request_router import PendingRequest, RequestRouter, RunningReplica


class ToItsReplica(RequestRouter):
    """A question about something kept goes to the replica that keeps it, which its name begins with; as the session of
    a request it comes here. When this replica is gone, another one says that the thing is."""

    async def choose_replicas(
        self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
    ) -> list[list[RunningReplica]]:
        """The replicas of which the less busy one is taken, if it is free."""
        if pending_request is not None:
            pending_request.routing_context.should_backoff = True
            place = pending_request.metadata.session_id
            for replica in candidate_replicas:
                if replica.replica_id.unique_id == place:
                    return [[replica]]
        return [random.sample(candidate_replicas, min(2, len(candidate_replicas)))]
