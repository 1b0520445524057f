# A starting model: an oscillator whose spring is known and whose friction is to be learned from data.
# Check it with `eqdsl check`, see its defaults with `eqdsl show`, and explain any message with `eqdsl explain CODE`.
model template "spring known, friction learned"

time t: s

# The unknowns. The data file holds one dataset for each, under these names.
state x: m
state v: m/s

# A number to be fitted: a start and the bounds it must keep. `param k: 1/s^2 = 4` would be fixed.
param k: 1/s^2 = fit 4 in (0, 100)

# What is known has a name in every report.
known spring = -k*x

# What is not known: a function of what stands in the parentheses, and of nothing else.
# `friction(0) = 0` holds by construction: no force at rest.
learned friction(v) by mlp(32, 32) with friction(0) = 0

# One equation for each state.
dt(x) = v
dt(v) = spring + friction

# Where a simulation starts; leave out to start from the first frame of the data.
init x = 1
init v = 0

# Measured on rollouts and reported; it does not change the fit.
law energy = v^2/2 + k*x^2/2 decreasing
