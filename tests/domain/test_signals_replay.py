"""What holds for all rules: no look into the future, order and repetition are irrelevant, rest after telling."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from bot.domain.alerts import by_kind
from bot.domain.signals.beside import Rating, Remark, Repair
from bot.domain.signals.catalogue import PROFILES, RULES, settings
from bot.domain.signals.evaluate import evaluate, rests
from bot.domain.signals.history import Event, Happening, History, Signal, Span, TalkAbout, Told
from bot.domain.signals.intervals import Intervals
from bot.domain.signals.occasions import Occasion, Reply, State
from bot.domain.signals.reasons import reason
from bot.domain.words import ALLIANCE, Construct, Tier
from tests.support.histories import A_DAY, A_WEEK, MONDAY, check_in, chose, end, event, missed, rated, reply, weekly

THERAPY = settings("therapy")
scores = st.sampled_from([0, 2.5, 5, 7.5, 8, 9, 10, None])
choices = st.sampled_from(
    [
        None,
        *(("bothered", "a_bit"), ("bothered", "yes"), ("direction", "bit_worse"), ("stopping", "now_and_then")),
        *(("goal_still_mine", "no"), ("task_done", "not_for_me"), ("barriers", "time"), ("barriers", "nothing")),
    ]
)
ratings = st.sampled_from([("intent", None), ("goal_progress", "g1"), ("goal_progress", "g2"), ("repair", None)])


@st.composite
def occasions(draw: st.DrawFn, first_day: int = 0, most: int = 12) -> tuple[Occasion, ...]:
    days = sorted(draw(st.sets(st.integers(first_day, first_day + 80), max_size=most)))
    return tuple(draw(one_occasion(day)) for day in days)


@st.composite
def one_occasion(draw: st.DrawFn, day: int) -> Occasion:
    sent = MONDAY + day * A_DAY + timedelta(hours=12)
    if draw(st.booleans()):
        return missed(f"d{day}", sent, timedelta(hours=draw(st.integers(1, 72))))
    choice = draw(choices)
    more = [chose(*choice, sent + timedelta(minutes=50))] if choice else []
    if draw(st.booleans()):
        asks, about = draw(ratings)
        more.append(rated(asks, draw(st.integers(0, 10)), sent + timedelta(minutes=51), Construct.PROGRESS, about))
    if draw(st.booleans()):
        at, words = sent + timedelta(minutes=52), draw(st.integers(1, 60))
        more.append(Reply("D1", Construct.SELF_MANAGEMENT, at, words=words))
    done = check_in(f"d{day}", sent, *(draw(scores) for _ in ALLIANCE), more=more)
    if not draw(st.booleans()):
        return done
    changed = reply(draw(st.sampled_from([1, 9])), sent + timedelta(hours=draw(st.integers(2, 30))))
    return replace(done, replies=(*done.replies, changed), last_touched_at=changed.at)


@st.composite
def histories(draw: st.DrawFn, first_day: int = 0) -> History:
    def days(most: int) -> list[datetime]:
        return [MONDAY + day * A_DAY for day in draw(st.sets(st.integers(first_day, first_day + 80), max_size=most))]

    held, missed_ones = days(4), days(5)
    later = st.integers(0, 20 * 24)
    return History(
        occasions=draw(occasions(first_day)),
        sessions=tuple(held),
        entered=tuple((at, at + timedelta(hours=draw(later))) for at in {*held, *missed_ones}),
        assignments=tuple(days(1)),
        pauses=tuple(Span(at, at + 3 * A_DAY) for at in days(1)),
        absences=tuple(Span(at, at + timedelta(hours=1)) for at in days(1)),
        events=tuple(event(Happening.TALK, at, TalkAbout.HOW_WE_WORK) for at in days(1)),
        resets=tuple(days(1)),
        missed_sessions=tuple(missed_ones),
        ratings=tuple(Rating(at, draw(st.integers(0, 10))) for at in days(3)),
        repairs=tuple(draw(talk(at)) for at in days(2)),
        remarks=tuple(Remark(at, draw(st.integers(1, 60))) for at in days(6)),
        told=tuple(draw(on_record(at)) for at in days(3)),
        timezone=draw(st.sampled_from(["UTC", "Europe/London", "Asia/Kathmandu"])),
    )


@st.composite
def talk(draw: st.DrawFn, talked_at: datetime) -> Repair:
    said = draw(st.sampled_from([None, "better", "still_there", "not_yet", "no_answer"]))
    if said is None:
        return Repair("alert", talked_at)
    said_at = talked_at + draw(st.integers(1, 10)) * A_DAY
    left_alone = draw(st.sampled_from([None, True, False]))
    chose_at = None if left_alone is None else said_at + draw(st.integers(0, 3)) * A_DAY
    return Repair("alert", talked_at, said, draw(st.sampled_from([None, 2.0, 8.0])), said_at, left_alone, chose_at)


@st.composite
def on_record(draw: st.DrawFn, at: datetime) -> Told:
    rule = draw(st.sampled_from(sorted(RULES)))
    return Told(rule, None, at, "earlier", alerted=draw(st.booleans()), tier=RULES[rule].tier, about="g1")


def both(one: History, other: History) -> History:
    return replace(
        one,
        occasions=(*other.occasions, *one.occasions),
        sessions=(*other.sessions, *one.sessions),
        entered=(*other.entered, *one.entered),
        assignments=(*other.assignments, *one.assignments),
        pauses=(*other.pauses, *one.pauses),
        absences=(*other.absences, *one.absences),
        events=(*other.events, *one.events),
        resets=(*other.resets, *one.resets),
        missed_sessions=(*other.missed_sessions, *one.missed_sessions),
        ratings=(*other.ratings, *one.ratings),
        repairs=(*other.repairs, *one.repairs),
        remarks=(*other.remarks, *one.remarks),
        told=(*other.told, *one.told),
    )


def shifted(history: History, days: int) -> History:
    """The same happenings much later, under other names."""
    late = days * A_DAY
    return replace(
        history,
        occasions=tuple(
            check_in(f"later-{one.check_in_id}", one.started_at + late, 1, 1, 1) for one in history.occasions
        ),
        sessions=tuple(at + late for at in history.sessions),
        entered=tuple((at + late, heard + late) for at, heard in history.entered),
        assignments=tuple(at + late for at in history.assignments),
        pauses=tuple(Span(one.start + late) for one in history.pauses),
        absences=tuple(Span(one.start + late) for one in history.absences),
        events=tuple(event(Happening.BLOCKED, one.at + late) for one in history.events),
        resets=tuple(at + late for at in history.resets),
        missed_sessions=tuple(at + late for at in history.missed_sessions),
        ratings=tuple(Rating(one.at + late, 0) for one in history.ratings),
        repairs=tuple(Repair("later", one.talked_at + late, "not_yet") for one in history.repairs),
        remarks=tuple(Remark(one.at + late, 1) for one in history.remarks),
        told=tuple(replace(one, raised_at=one.raised_at + late) for one in history.told),
    )


@effort(max_examples=50, deadline=None)
@given(histories(), histories(), st.integers(0, 90))
def test_what_happens_later_never_changes_a_past_decision(past: History, later: History, day: int) -> None:
    now = MONDAY + day * A_DAY
    future = shifted(later, 200)
    assert evaluate(both(past, future), THERAPY, now) == evaluate(past, THERAPY, now)


@effort(max_examples=50, deadline=None)
@given(histories(first_day=-1000), st.sampled_from([(8,) * 62, (8, 7, 9, 4) * 16, (5,) * 61, (9, 2) * 31]))
def test_what_is_older_than_the_window_and_a_year_changes_nothing(old: History, values: tuple[float, ...]) -> None:
    """It is not even looked at; only who had the client, and the last meeting before, are."""
    lately, old = weekly(*values), replace(old, sessions=())
    now = end(lately)
    known = both(lately, old).until(now)
    assert replace(known, assignments=()) == lately.until(now)
    assert evaluate(both(lately, old), THERAPY, now) == evaluate(lately, THERAPY, now)


@effort(max_examples=50, deadline=None)
@given(histories(), st.integers(0, 90))
def test_a_history_cut_at_a_moment_decides_as_the_whole_one_does_at_that_moment(past: History, day: int) -> None:
    now = MONDAY + day * A_DAY
    assert evaluate(past.until(now), THERAPY, now) == evaluate(past, THERAPY, now)


@effort(max_examples=50, deadline=None)
@given(histories(), st.integers(0, 90))
def test_order_and_repetition_of_rows_are_irrelevant(past: History, day: int) -> None:
    now = MONDAY + day * A_DAY
    turned = replace(
        past,
        occasions=tuple(replace(one, replies=(*reversed(one.replies), *one.replies)) for one in reversed(past.occasions))
        + past.occasions,
        sessions=tuple(reversed(past.sessions)) + past.sessions,
        entered=tuple(reversed(past.entered)) + past.entered,
        pauses=tuple(reversed(past.pauses)) * 2,
        events=tuple(reversed(past.events)) * 2,
        missed_sessions=tuple(reversed(past.missed_sessions)) * 2,
        ratings=tuple(reversed(past.ratings)) * 2,
        repairs=tuple(reversed(past.repairs)) * 2,
        remarks=tuple(reversed(past.remarks)) * 2,
        told=tuple(reversed(past.told)) * 2,
    )
    assert evaluate(turned, THERAPY, now) == evaluate(past, THERAPY, now)


@effort(max_examples=50, deadline=None)
@given(histories(), st.integers(0, 90))
def test_of_rows_that_contradict_each_other_the_same_one_counts_in_any_order(past: History, day: int) -> None:
    """Another file may say twice of one check-in how it ended, and not the same."""
    now = MONDAY + day * A_DAY
    otherwise = [replace(one, state=State.EXPIRED, finished_at=one.started_at + A_DAY) for one in past.occasions]
    one_way = replace(past, occasions=(*past.occasions, *otherwise))
    other_way = replace(past, occasions=(*otherwise, *past.occasions))
    assert evaluate(one_way, THERAPY, now) == evaluate(other_way, THERAPY, now)


@effort(max_examples=50, deadline=None)
@given(histories(), st.integers(0, 90), st.sampled_from(["pauses", "closures", "absences"]))
def test_time_off_never_brings_silence(past: History, day: int, kind: str) -> None:
    now = MONDAY + day * A_DAY
    away = replace(past, **{kind: (Span(MONDAY - A_DAY),)})
    assert not {"silence", "fade"} & {one.rule for one in evaluate(away, THERAPY, now).signals}


@effort(max_examples=50, deadline=None)
@given(histories(), st.integers(0, 90))
def test_what_was_missed_by_us_never_brings_silence(past: History, day: int) -> None:
    ours = [replace(one, state=State.MISSED_BY_US) if one.state is State.EXPIRED else one for one in past.occasions]
    signals = evaluate(replace(past, occasions=tuple(ours)), THERAPY, MONDAY + day * A_DAY).signals
    assert not {"silence", "fade"} & {one.rule for one in signals}


@effort(max_examples=50, deadline=None)
@given(histories(), st.integers(0, 90))
def test_a_talk_is_known_only_as_far_as_it_had_come(past: History, day: int) -> None:
    """Whatever was said and chosen later, the decision of this day is that of somebody who had not heard it yet."""
    now = MONDAY + day * A_DAY
    known = replace(past, repairs=tuple(one.until(now) for one in past.repairs))
    assert evaluate(known, THERAPY, now) == evaluate(past, THERAPY, now)
    for one in past.until(now).repairs:
        assert all(at is None or at <= now for at in (one.talked_at, one.said_at, one.chose_at))


@effort(max_examples=50, deadline=None)
@given(histories(), st.integers(0, 90))
def test_a_meeting_counts_from_when_somebody_entered_it(past: History, day: int) -> None:
    now = MONDAY + day * A_DAY
    late = {at for at, heard in past.entered if heard > now}
    unheard = replace(
        past,
        sessions=tuple(at for at in past.sessions if at not in late),
        missed_sessions=tuple(at for at in past.missed_sessions if at not in late),
    )
    assert evaluate(unheard, THERAPY, now) == evaluate(past, THERAPY, now)


def test_meetings_entered_on_saturday_change_nothing_that_was_decided_on_friday() -> None:
    history = weekly(8, 8, 2, every=A_DAY)
    friday = end(history)
    met = tuple(one.started_at - timedelta(hours=1) for one in history.occasions)
    known = replace(history, sessions=met)
    late = replace(known, entered=tuple((at, friday + A_DAY) for at in met))
    assert evaluate(known, THERAPY, friday) != evaluate(history, THERAPY, friday)
    assert evaluate(late, THERAPY, friday) == evaluate(history, THERAPY, friday)
    assert late.until(friday + A_DAY).sessions == met


@effort(max_examples=50, deadline=None)
@given(histories(), st.integers(0, 90))
def test_what_is_for_charts_or_the_digest_is_never_an_alert(past: History, day: int) -> None:
    signals = evaluate(past, THERAPY, MONDAY + day * A_DAY).signals
    rung = [one.rule for found in by_kind(signals).values() for one in found]
    quiet = ("one_sided", "goal_drop", "goal_stall", "silence", "fade", "worker_strain")
    assert not {*quiet, "slow_answers", "short_answers", "low_information"} & set(rung)


@effort(max_examples=50, deadline=None)
@given(histories(), st.integers(0, 90))
def test_every_rule_gives_a_signal_or_the_condition_that_failed(past: History, day: int) -> None:
    result = evaluate(past, THERAPY, MONDAY + day * A_DAY)
    found = {one.rule for one in result.signals}
    assert found | set(result.why_not) == set(RULES)
    assert not found & set(result.why_not)


def told(signal: Signal, **changes: object) -> Told:
    z = signal.evidence.get("z")
    one = Told(signal.rule, signal.construct, signal.raised_at, signal.source, float(z) if isinstance(z, float) else None)
    return replace(one, **changes)


def drop_after(weeks: int, value: float, first: float = 5.5) -> tuple[Signal, History]:
    """A drop that was told, and another one `weeks` later."""
    history = weekly(8, 8, 8, 8, 8, 8, first)
    (before,) = [one for one in evaluate(history, THERAPY, end(history)).signals if one.rule == "drop"]
    steady = [8.0] * (weeks - 1)
    more = weekly(8, 8, 8, 8, 8, 8, first, *steady, value)
    again = replace(more, told=(told(before),))
    (after,) = [one for one in evaluate(again, THERAPY, end(again)).signals if one.rule == "drop"]
    return after, again


@pytest.mark.parametrize(("weeks", "resting"), [(1, True), (2, True), (3, True), (4, False)])
def test_a_rule_rests_for_three_intervals_after_it_told_somebody(weeks: int, resting: bool) -> None:
    signal, history = drop_after(weeks, 5.8)
    assert rests(signal, history, end(history)) is resting
    assert (signal in evaluate(history, THERAPY, end(history)).resting) is resting


def test_a_z_lower_by_one_more_breaks_the_rest() -> None:
    signal, history = drop_after(1, 2.0)
    assert not rests(signal, history, end(history))


def test_with_long_intervals_the_rest_ends_after_twenty_eight_days() -> None:
    signal, history = drop_after(4, 5.8)
    long = replace(history, sessions=(MONDAY - A_DAY,))
    raised = history.told[0].raised_at
    assert rests(signal, long, raised + 28 * A_DAY - timedelta(minutes=1))
    assert not rests(signal, long, raised + 28 * A_DAY)


def test_what_alerted_nobody_brings_no_rest() -> None:
    signal, history = drop_after(1, 5.8)
    held = replace(history, told=tuple(replace(one, alerted=False) for one in history.told))
    assert not rests(signal, held, end(history))


@pytest.mark.parametrize(
    "rule", ["risk_text", "asked_to_talk", "said_bothered", "said_worse", "said_stopping", "goal_not_mine", "blocked"]
)
def test_what_people_say_or_do_in_so_many_words_never_rests(rule: str) -> None:
    signal = Signal(rule, None, MONDAY + A_DAY, RULES[rule].tier, {}, "new")
    history = History(told=(Told(rule, None, MONDAY, "old"),))
    assert not rests(signal, history, MONDAY + A_DAY)


def test_a_session_held_ends_an_interval() -> None:
    intervals = Intervals.of(History(sessions=(MONDAY, MONDAY + 3 * A_DAY)))
    assert intervals.start(MONDAY + 2 * A_DAY) == MONDAY
    assert intervals.end(MONDAY + 2 * A_DAY) == MONDAY + 3 * A_DAY
    assert intervals.end(MONDAY + 5 * A_DAY) == MONDAY + 17 * A_DAY


def test_without_sessions_an_interval_is_the_clients_own_calendar_week() -> None:
    intervals = Intervals.of(History(timezone="Asia/Kathmandu"))
    assert intervals.start(MONDAY) == MONDAY - timedelta(hours=5, minutes=45)


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York"])
def test_the_week_of_a_clock_change_is_still_one_interval(zone: str) -> None:
    intervals = Intervals.of(History(timezone=zone))
    at = datetime.fromisoformat("2026-03-03T12:00:00+00:00")
    lengths = set()
    for _ in range(40):
        start, at = intervals.start(at), intervals.end(at)
        lengths.add((at - start) - A_WEEK)
    assert lengths == {timedelta(), timedelta(hours=1), timedelta(hours=-1)}


def test_the_table_documents_itself() -> None:
    for rule in RULES.values():
        assert rule.doc.endswith(".")
        for parameter in rule.parameters.values():
            assert parameter.doc
            for profile in PROFILES:
                assert parameter.low <= parameter.default_for(profile) <= parameter.high


def test_a_wrong_name_in_the_settings_is_an_error() -> None:
    with pytest.raises(KeyError):
        settings("therapy", {"drop": {"zed": -2}})
    with pytest.raises(KeyError):
        settings("therapy", {"dorp": {"z": -2}})


def test_each_signal_has_a_sentence() -> None:
    low = History((check_in("c", MONDAY, 1, 8, 8, more=[chose("bothered", "yes", MONDAY)]),))
    asked = replace(
        low, events=(Event("e", Happening.CONTACT_ME, MONDAY), event(Happening.TALK, MONDAY, TalkAbout.TIMES_AND_PLACE))
    )
    keys = {reason(one) for one in evaluate(asked, THERAPY, end(low)).signals if one.tier >= Tier.ALERT}
    assert keys == {
        "worker.reason.item_low_new",
        "worker.reason.first_low_confirmed_new",
        "worker.reason.said_bothered",
        "worker.reason.asked_for_contact",
        "worker.reason.asked_to_talk_logistics",
    }
