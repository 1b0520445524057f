# Epidemic: the rate of infection is unknown, births and deaths are left out.
model sir
time t: day
state S in [0, 1], I in [0, 1], R in [0, 1]
param gamma: 1/day = fit 0.1 in (0, 1)
learned infection(S, I): 1/day by mlp(32, 32, act = tanh)
        with infection >= 0, infection(0, I) = 0, infection(S, 0) = 0
dt(S) = -infection
dt(I) = infection - gamma*I
dt(R) = gamma*I
law total = S + I + R constant
