"""From one low answer to an alert on the worker's phone, and back to the client: the main job, through the phones."""

from tests.support.town import LOW, Town, is_alert, words_on


async def test_the_main_story(either_town: Town) -> None:
    """Bond 2, goals 8, tasks 8 → Tell → alert with chart → got it → talked → the client is asked → nothing missed."""
    town = either_town
    await town.asked()
    choice = await town.answers(*LOW)
    assert "How shall Sam hear about it?" in choice.text
    chosen = await town.tap(town.alex, "Tell")
    assert "Sam gets your answers" in chosen.text
    await town.settled()
    assert "R-118" not in words_on(town.sam)
    await town.pass_time(seconds=61)
    alert = await town.sam.expect(is_alert)
    assert alert.text.startswith("R-118 · please look today")
    assert alert.photo is not None
    assert '"Easy to talk to" fell to 2' in alert.text
    await town.tap(town.sam, "I've got it")
    await town.alex.expect("Sam has picked this up.")
    await town.tap(town.sam, "We talked")
    await town.pass_time(days=1)
    await town.alex.expect("Have you two talked about it?")
    await town.tap(town.alex, "Yes, and it's better")
    await town.tap(town.alex, "9")
    report = await town.says(town.jo, "/report")
    assert "Picked up in time: 1 of 1" in report.text
    assert "Better: 1" in report.text
    [kept] = await town.alerts()
    assert (kept["state"], kept["wish"], kept["client_said"], kept["client_feels"]) == ("repaired", "tell", "better", 9)
