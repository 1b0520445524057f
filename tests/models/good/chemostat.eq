# Microbes in a stirred tank; the growth law (Monod, Haldane, ...) is unknown.
model chemostat
time t: h
state S: g/L in [0, inf)
state X: g/L in [0, inf)
param D: 1/h = 0.3
param S0: g/L = 5
param Y = fit 0.5 in (0, 1)
learned mu(S): 1/h by mlp(16, 16) with mu >= 0, mu(0) = 0
dt(S) = D*(S0 - S) - mu*X/Y
dt(X) = mu*X - D*X
