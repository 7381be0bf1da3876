"""What every handler of both pages does for who is let into the page and may not do what it is asked.

Each is called for people who are no members of the collection that is named, with the ids of what is in it.
"""

SHOWN: dict[str, set[str]] = {
    "chat": {
        *"""
        Comparing.stopped Handlers.collections Handlers.greeting Handlers.listed Handlers.removed Handlers.renamed
        _moving.<locals>.<lambda>
        """.split()
    },
    "admin": {
        *"""
        AdaptersHandlers.listed ChecksHandlers.chosen ChecksHandlers.form Drawer.closed
        EditingHandlers.all_published EditingHandlers.narrowed EditingHandlers.tagged EvaluationHandlers.form
        EvaluationHandlers.listed ExamplesHandlers.chosen ExamplesHandlers.exported ExamplesHandlers.filtered
        ExamplesHandlers.imported ExamplesHandlers.listed ExamplesHandlers.outdated ExamplesHandlers.removed
        ExamplesHandlers.sorted ExamplesHandlers.staged ExamplesHandlers.stopped ExamplesHandlers.taken_back
        Handlers.choices Handlers.chosen Handlers.created Handlers.filtered Handlers.listed Handlers.probing
        Handlers.queue Handlers.removed Handlers.reopened Handlers.reread Handlers.sorted Handlers.staged
        Handlers.uploaded JobsHandlers.workload PeopleHandlers.keys PeopleHandlers.shown RetrievalHandlers.asked
        RetrievalHandlers.imported RetrievalHandlers.stopped RetrievalHandlers.working ReviewHandlers.begun
        ReviewHandlers.checked ReviewHandlers.closed ReviewHandlers.taken_back SnapshotsHandlers.listed
        SourcesHandlers.fetching SourcesHandlers.form SourcesHandlers.listed SourcesHandlers.page_added
        TrainingHandlers.asked TrainingHandlers.begun
        TrainingHandlers.chosen TrainingHandlers.estimated TrainingHandlers.form
        TrainingHandlers.halted TrainingHandlers.listed TrainingHandlers.looked TrainingHandlers.reopened
        TrainingHandlers.tried TriageHandlers.chosen TriageHandlers.closed TriageHandlers.listed
        TriageHandlers.reasoned TriageHandlers.staged WeighingHandlers.weighed _asking.<locals>.<lambda>
        _comparing.<locals>.<lambda> _wire_before.<locals>.<lambda> beginning failed wire.<locals>.<lambda>
        """.split()
    },
}
"""It shows, or does to what is one's own. Of what one may not read nothing is in it, nor done to it."""
REFUSED: dict[str, set[str]] = {
    "chat": {
        *"""
        Answering.arrived Answering.begin Answering.followed Answering.forked Answering.opened Answering.resent
        Answering.shown Answering.stopped Answering.turned Comparing.compared Comparing.voted Comparing.ways
        Handlers.passage_opened Handlers.rated Handlers.starters Handlers.ways Sharing.link Sharing.published
        Sharing.revoked wire.<locals>.ask
        """.split()
    },
    "admin": {
        *"""
        AdaptersHandlers.asked AdaptersHandlers.deleted AdaptersHandlers.opened AdaptersHandlers.promoted
        AdaptersHandlers.reinstated AdaptersHandlers.retired AdaptersHandlers.rolled_back
        AdaptersHandlers.trial_ended AdaptersHandlers.tried ChecksHandlers.accepted ChecksHandlers.accepted_all
        ChecksHandlers.checked ChecksHandlers.redacted ChecksHandlers.taken_back EditingHandlers.cancelled
        EditingHandlers.compared EditingHandlers.merged EditingHandlers.published EditingHandlers.rewritten
        EditingHandlers.shown EditingHandlers.split EditingHandlers.switched EvaluationHandlers.begun
        EvaluationHandlers.chosen EvaluationHandlers.frozen EvaluationHandlers.opened EvaluationHandlers.removed
        EvaluationHandlers.resumed EvaluationHandlers.saved EvaluationHandlers.stopped ExamplesHandlers.approved
        ExamplesHandlers.drafted ExamplesHandlers.imported_anyway ExamplesHandlers.rejected
        ExamplesHandlers.sent_back ExamplesHandlers.turned ExamplesHandlers.written Handlers.dropped
        Handlers.opened Handlers.probed Handlers.retried Handlers.rolled_back Handlers.turned Handlers.windowed
        JobsHandlers.cancelled JobsHandlers.tried_again MembersHandlers.admitted MembersHandlers.expelled
        MembersHandlers.opened MembersHandlers.reached PeopleHandlers.revoked RetrievalHandlers.beside
        RetrievalHandlers.checked RetrievalHandlers.compared RetrievalHandlers.drafts RetrievalHandlers.fitted
        RetrievalHandlers.forgotten RetrievalHandlers.going_back RetrievalHandlers.made_live
        RetrievalHandlers.marked RetrievalHandlers.standing RetrievalHandlers.tags RetrievalHandlers.unanswered
        ReviewHandlers.approved ReviewHandlers.edited ReviewHandlers.opened ReviewHandlers.rejected
        ReviewHandlers.sent_back ReviewHandlers.stepped SnapshotsHandlers.compared SnapshotsHandlers.created
        SnapshotsHandlers.opened SnapshotsHandlers.removed SourcesHandlers.added SourcesHandlers.previewed
        SourcesHandlers.purged SourcesHandlers.removed SourcesHandlers.synced SourcesHandlers.tried
        TrainingHandlers.opened TrainingHandlers.paused TrainingHandlers.removed
        TrainingHandlers.resumed TrainingHandlers.stopped TrainingHandlers.turned TriageHandlers.dismissed
        TriageHandlers.labelled TriageHandlers.mended TriageHandlers.opened TriageHandlers.stepped
        TriageHandlers.taken_back TriageHandlers.written
        """.split()
    },
}
"""It fails for who has no rights in the collection that is named, whatever is named of it."""
RULED: dict[str, set[str]] = {
    "chat": {
        *"""

        """.split()
    },
    "admin": {
        *"""
        PeopleHandlers.invited PeopleHandlers.linked PeopleHandlers.made PeopleHandlers.ranked
        PeopleHandlers.restored PeopleHandlers.signed_out PeopleHandlers.suspended
        """.split()
    },
}
"""It takes an owner of the installation."""
