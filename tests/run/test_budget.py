"""How the seconds of a user are divided."""

import pytest

from kansym.run.budget import CERTIFICATE_SECONDS, FILES_SECONDS, LEAST_SHARE, search_wall
from kansym.validation.certificate import CERTIFYING


@pytest.mark.parametrize(("seconds", "spent", "files"), [(20.0, 0.0, False), (20.0, 3.0, True), (600.0, 1.0, True)])
def test_search_certificate_and_files_come_out_of_one_sum(seconds, spent, files):
    search = search_wall(seconds, spent=spent, files=files)
    kept = max(CERTIFICATE_SECONDS, CERTIFYING * seconds)
    assert spent + search + kept + FILES_SECONDS * files == pytest.approx(seconds)


def test_a_search_has_a_share_however_late_it_begins():
    assert search_wall(4.0, spent=9.0, files=True) == LEAST_SHARE * 4.0
