"""ODEs: all stages of a Runge-Kutta step as one kernel with its adjoint."""
