state u
dt(u) = -u² + 3*u¹²
