state u
param decay = fit 1
dt(u) = -decai*u
