"""Which OIDs are asked for together."""

from batteryd.devices.snmp_batches import OID_COUNT_MAX, Batches, halves

OIDS = [f"1.3.6.1.2.1.33.1.2.{n}.0" for n in range(1, 46)]


def test_a_poll_that_fits_is_one_batch():
    assert Batches().plan(OIDS[:OID_COUNT_MAX]) == [OIDS[:OID_COUNT_MAX]]


def test_a_larger_poll_is_cut():
    assert [len(batch) for batch in Batches().plan(OIDS)] == [20, 20, 5]


def test_what_was_refused_stays_out_and_is_tried_alone_in_turn():
    batches = Batches()
    for oid in OIDS[:3]:
        batches.note_refused(oid)

    plans = [batches.plan(OIDS[:6]) for _ in range(4)]

    assert [plan[0] for plan in plans] == [OIDS[3:6]] * 4
    assert [plan[1] for plan in plans] == [[OIDS[0]], [OIDS[1]], [OIDS[2]], [OIDS[0]]]


def test_what_is_answered_again_is_back_among_the_others():
    batches = Batches()
    batches.note_refused(OIDS[1])

    batches.note_answered([OIDS[1]])

    assert batches.plan(OIDS[:3]) == [OIDS[:3]]


def test_what_was_refused_is_not_tried_by_a_request_that_does_not_want_it():
    batches = Batches()
    batches.note_refused(OIDS[40])

    assert batches.plan(OIDS[:3]) == [OIDS[:3]]


def test_batches_stay_as_small_as_the_agent_wants_them():
    batches = Batches()

    batches.note_too_big(6)

    assert [len(batch) for batch in batches.plan(OIDS[:15])] == [6, 6, 3]


def test_halves_lose_nothing():
    assert halves(OIDS[:2]) == (OIDS[:1], OIDS[1:2])
    assert halves(OIDS[:5]) == (OIDS[:3], OIDS[3:5])
