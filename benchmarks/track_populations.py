"""How the cells of the drawn sequences live: dense, sparse, fast, slow, flowing, 2D and 3D."""

from dataclasses import dataclass

from ctc_submit.track.settings import Scale


@dataclass(frozen=True)
class Population:
    """How cells live that are drawn as discs, balls or rods with dents.

    Attributes:
        shape: Of a frame in pixels, YX or ZYX.
        frames: Number of frames.
        cells: Cells in the first frame.
        radius: Of a mean cell, in pixels (along Y and X).
        speed: Typical step, in radii.
        persistence: Part of the last step that is kept, in [0, 1).
        flow: Step common to all, in radii.
        cycle: Steps from division to division; 0 for none.
        dying: Chance that a cell is gone after a step.
        flatness: Pixels of Y and X that are as long as a pixel of Z.
        jumps: Chance that the whole picture shifts by up to three radii before a frame.
        wander: Typical shift of the whole picture before each frame, in radii.
        turning: Degrees that all cells turn about the middle of the picture in a step.
        sizes: Spread of the cells' radii, as a standard deviation of their logarithm.
        long: Length by width of a cell.
        still: Share of the cells that move at a tenth of the speed.
        every: Steps from one frame to the next.
    """

    shape: tuple[int, ...]
    frames: int
    cells: int
    radius: float
    speed: float
    persistence: float = 0.5
    flow: float = 0.0
    cycle: float = 0.0
    dying: float = 0.0
    flatness: float = 1.0
    jumps: float = 0.0
    wander: float = 0.0
    turning: float = 0.0
    sizes: float = 0.0
    long: float = 1.0
    still: float = 0.0
    every: int = 1

    @property
    def scale(self) -> Scale:
        """Pixel size (1 along Y and X), no time step, no border."""
        return Scale((self.flatness,) * (len(self.shape) - 2) + (1.0, 1.0))


SIMULATED = {
    "dense": Population((400, 400), 60, 350, 9.0, 0.15, cycle=60),
    "dense and moving": Population((400, 400), 60, 300, 9.0, 0.5, cycle=80),
    "growing colony": Population((500, 500), 120, 8, 6.0, 0.3, cycle=24),
    "sparse": Population((600, 600), 60, 12, 14.0, 0.3, cycle=120),
    "fast": Population((600, 600), 60, 40, 9.0, 2.0, persistence=0.7),
    "fast, erratic": Population((800, 800), 48, 25, 12.0, 2.5, persistence=0.0),
    "slow": Population((500, 500), 80, 60, 16.0, 0.03, cycle=100, dying=0.002),
    "flowing": Population((500, 500), 60, 120, 9.0, 0.2, flow=1.5, cycle=80),
    "jumping": Population((500, 500), 60, 80, 10.0, 0.15, cycle=80, jumps=0.1),
    "3D": Population((30, 160, 160), 40, 60, 9.0, 0.3, cycle=40, flatness=2.0),
    "3D, dense and dividing": Population((30, 140, 140), 60, 10, 8.0, 0.2, cycle=14, flatness=2.0),
    "3D, fast": Population((24, 220, 220), 40, 20, 8.0, 1.5, flatness=3.0),
    "exploding": Population((600, 600), 40, 12, 9.0, 0.3, cycle=8),
    "dots": Population((360, 480), 60, 250, 2.5, 0.8, persistence=0.2, cycle=50),
    "rods": Population((500, 500), 60, 60, 9.0, 0.3, cycle=50, long=3.0),
    "rods, fast": Population((600, 600), 60, 25, 9.0, 1.5, cycle=60, long=3.0),
    "sizes": Population((600, 600), 60, 60, 10.0, 0.7, cycle=70, sizes=0.4),
    "half still": Population((600, 600), 60, 60, 9.0, 1.5, cycle=80, still=0.7),
    "turning": Population((500, 500), 60, 100, 9.0, 0.15, cycle=80, turning=5.0),
    "shaking": Population((500, 500), 60, 120, 9.0, 0.15, cycle=80, wander=0.8),
    "low frame rate": Population((500, 500), 40, 60, 10.0, 0.3, cycle=40, every=5),
    "high frame rate": Population((400, 400), 200, 60, 10.0, 0.05, cycle=500),
    "dying": Population((500, 500), 60, 150, 9.0, 0.4, cycle=30, dying=0.03),
    "few frames": Population((300, 300), 6, 8, 12.0, 0.8, cycle=20),
    "3D, flat": Population((5, 260, 260), 40, 50, 9.0, 0.4, cycle=40, flatness=4.0),
    "3D, flowing": Population((20, 200, 200), 40, 50, 8.0, 0.3, flow=0.8, flatness=2.0),
}
