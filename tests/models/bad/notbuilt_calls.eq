state u
dt(u) = delay(u, 1) + noise() + sample(u, 0)
