model two_tanks
time t: s
state h1: m in [0, inf), h2: m in [0, inf)
param area: m^2 = 1.5
param inflow: m^3/s = 0.01
learned outflow(h1): m^3/s by mlp(16) with outflow >= 0, outflow(0) = 0
dt(h1) = (inflow - outflow)/area
dt(h2) = (outflow - outflow(h2))/area
