state u
dt(u) = -u
observe u noise = fit
