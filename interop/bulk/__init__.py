"""Many documents at once: what a source holds, judged or converted over all cores, or by workers on many machines."""
