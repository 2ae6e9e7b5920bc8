"""What a run may be limited to, each with a rhythm of its own; an entity belongs to the first if it says nothing."""

STAMMDATEN, LEERSTAENDE, DOKUMENTE = "stammdaten", "leerstaende", "dokumente"
USE_CASES = (STAMMDATEN, LEERSTAENDE, DOKUMENTE)
