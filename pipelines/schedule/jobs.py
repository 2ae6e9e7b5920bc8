"""What runs by itself, and when: one table for systemd, cron, `status` and `doctor`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.contract.rhythms import DOKUMENTE, LEERSTAENDE
from pipelines.settings import TIME_ZONE, Vars

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Job:
    """A command that runs by itself, in German time: at `minute` of each of the `hours`, on some days or on all.

    `makes_up`: one that was missed, because the machine was off, is made up for. `longest`: how long it may take.
    """

    name: str
    what: str
    words: tuple[str, ...]
    use_case: str | None
    hours: range
    minute: int
    days: tuple[str, ...] = DAYS
    makes_up: bool = False
    longest: str = "infinity"

    @property
    def calendar(self) -> str:
        """What systemd reads behind `OnCalendar=`."""
        days = "*-*-*" if self.days == DAYS else ",".join(self.days)
        return f"{days} {self._hours('..', '{:02}')}:{self.minute:02} {TIME_ZONE}"

    @property
    def cron(self) -> str:
        """The five fields of a line for cron."""
        numbers = sorted((DAYS.index(day) + 1) % 7 for day in self.days)  # Sunday is 0
        days = "*" if self.days == DAYS else ",".join(map(str, numbers))
        return f"{self.minute} {self._hours('-', '{}')} * * {days}"

    def _hours(self, to: str, form: str) -> str:
        first, last = form.format(self.hours[0]), form.format(self.hours[-1])
        return first if first == last else f"{first}{to}{last}"

    def due_after(self, moment: datetime) -> datetime:
        """The next time after this one, in UTC."""
        return next(due for due in self._around(moment) if due > moment)

    def due_before(self, moment: datetime) -> datetime:
        """The last time up to this one, in UTC."""
        return [due for due in self._around(moment) if due <= moment][-1]

    def _around(self, moment: datetime) -> Iterator[datetime]:
        """All times from a week before to a week after, in their order."""
        zone = ZoneInfo(TIME_ZONE)
        first = moment.astimezone(zone).date() - timedelta(days=8)
        for day in (first + timedelta(days=n) for n in range(17)):
            if DAYS[day.weekday()] in self.days:
                for hour in self.hours:
                    there = datetime(day.year, day.month, day.day, hour, self.minute, tzinfo=zone)
                    yield there.astimezone(UTC)


MASTER_DATA = Job(
    name="stammdaten",
    what="Master data from the ERP to the partners",
    words=("run",),
    use_case=None,
    hours=range(5, 6),
    minute=0,
    days=("Tue", "Thu", "Sun"),
    makes_up=True,  # a first run may take hours
)
VACANCIES = Job(
    name="stammdaten-leerstaende",
    what="Vacancies to the partners, hourly in the day; never more often",
    words=("run", "--use-case", LEERSTAENDE),
    use_case=LEERSTAENDE,
    hours=range(6, 21),
    minute=30,  # so that it does not meet the run of master data
    longest="55min",
)
DOCUMENTS = Job(
    name="stammdaten-dokumente",
    what="Documents to the partners, daily",
    words=("run", "--use-case", DOKUMENTE),
    use_case=DOKUMENTE,
    hours=range(22, 23),
    minute=0,
    makes_up=True,
)
# Tells who is set under alerts; fails, and so says, while something is wrong.
WATCH = Job(
    name="stammdaten-watch",
    what="Whether the runs that are due came and went well",
    words=("watch",),
    use_case=None,
    hours=range(6, 23),
    minute=50,
    longest="5min",
)
# None between two and three in the night: that hour comes twice in autumn, and not at all in spring.
JOBS = (MASTER_DATA, VACANCIES, DOCUMENTS, WATCH)


def needed(settings: Vars) -> tuple[Job, ...]:
    """The jobs that these settings ask for: vacancies and documents where a partner that is on gets some."""
    return tuple(job for job in JOBS if job.use_case is None or _is_asked_for(settings, job.use_case))


def _is_asked_for(settings: Vars, use_case: str) -> bool:
    return any(gets(settings, name, use_case) for name in settings.active)


def gets(settings: Vars, partner: str, use_case: str) -> bool:
    """Whether a partner gets something of a use case."""
    from pipelines.contract.contract import load_contract

    # As shipped nobody gets documents, though contracts have them.
    is_on = use_case != DOKUMENTE or settings.partners[partner].get("dokumente") is True
    return is_on and bool(load_contract(partner).of_use_case(use_case))
