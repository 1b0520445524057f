state u
dt(u) = -u
law e = u^2 decreasing
law e = u decreasing
