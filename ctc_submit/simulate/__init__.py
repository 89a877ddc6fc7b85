"""Time lapses with exact truth, drawn instead of recorded.

::

    import numpy as np
    from ctc_submit.simulate.movie import simulate
    from ctc_submit.simulate.settings import SimulationSettings

    settings = SimulationSettings(look="dic", frames=20, height=256, width=256, cells=8)
    for moment in simulate(settings, np.random.default_rng(0)):
        moment.time      # int, from 0
        moment.frame     # YX, uint8 (look "dic") or uint16 (look "fluo")
        moment.labels    # uint16 YX, 0 background, one label per cell, the same over time
    moment.tracks        # every track so far, so the last moment holds them all

One frame is in memory at a time. `ctc_submit.simulate.dataset.write_dataset` writes the same as a
folder in the layout of the challenge: ``01/t000.tif``, ``01_GT/SEG/man_seg000.tif``,
``01_GT/TRA/man_track000.tif`` and ``man_track.txt``.
"""
