model noisy_observation
state u "what is measured"
param k = fit 1 in (0, 10) "rate"
dt(u) = -k*u
init u = data
observe u noise 0.1
