model lotka_volterra_known
state hare in (0, inf), lynx in (0, inf)
param a = fit 1
param b = fit 0.1 in (0, 1]
param c = fit 0.1 in (0, 1]
param d = fit 1 in [0.5, 2]
dt(hare) = a*hare - b*hare*lynx
dt(lynx) = c*hare*lynx - d*lynx
