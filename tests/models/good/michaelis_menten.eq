# Enzyme reaction: the velocity is found as a sparse combination of powers.
model michaelis_menten
time t: s
state s: mol/L in [0, inf)
state p: mol/L in [0, inf)
learned v(s) by library(3) with v(0) = 0
dt(s) = -v
dt(p) = v
law total = s + p constant
