"""What the help of staff lists."""

import pytest

from bot.domain.words import Role
from handlers import routes
from handlers.views.staff_join import COMMANDS


@pytest.mark.parametrize("role", [Role.WORKER, Role.MANAGER])
def test_help_lists_exactly_the_commands_that_there_are_for_this_role(role: Role) -> None:
    there = {name for name, route in routes.COMMANDS.items() if role in route.who}
    assert set(COMMANDS[role]) == there | {"help"}
