# A starting model: a quantity that diffuses in a square box, which is known, and reacts in a way to be learned from data.
# Check it with `eqdsl check`, see its defaults with `eqdsl show`, and explain any message with `eqdsl explain CODE`.
model template "diffusion known, reaction learned"

# The domain. `periodic` joins the two ends of an axis; without it the axis has walls.
space x in [0, 1], y in [0, 1]

# The resolution of simulations; the grid of a data file wins over it.
grid x = 32, y = 32

# The unknown. The data file holds it under this name with shape (trajectory, time, x, y).
state u(x, y)

# A number to be fitted: a start and the bounds it must keep. `param D = 0.01` would be fixed.
param D = fit 0.01 in (0, 1)

# What is known has a name in every report. In this form the diffusion keeps the total of u.
known diffusion = div(D*grad(u))

# What is not known: a function of the value at a point, and of nothing else. It cannot imitate the diffusion.
learned reaction(u) by mlp(32, 32) with reaction(0) = 0

# One equation for each state.
dt(u) = diffusion + reaction

# What happens at the walls: a fixed value at one, no flux through the others.
bc u = 0 at x = 0
bc dn(u) = 0 at x = 1
bc dn(u) = 0 at y = 0
bc dn(u) = 0 at y = 1

# Where a simulation starts; leave out to start from the first frame of the data.
init u = sin(pi*x/2)*(1 + cos(2*pi*y)/2)

# Measured on rollouts and reported; it does not change the fit.
law total = integral(u) decreasing
