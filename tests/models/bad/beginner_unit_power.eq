state u
param g: m/s2 = 9.81
dt(u) = -g
