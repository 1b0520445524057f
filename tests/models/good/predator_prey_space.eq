model predator_prey_space
space x in [0, 50]
state prey(x), predator(x): 1 in [0, inf)
param d1 = 0.1
param d2 = fit 0.5 in (0, 2)
learned eaten(prey, predator) by mlp(16, 16) with eaten >= 0, eaten(0, predator) = 0
dt(prey) = d1*dxx(prey) + prey*(1 - prey) - eaten
dt(predator) = d2*dxx(predator) + 0.5*eaten - 0.3*predator
bc dn(prey) = 0 at boundary
bc dn(predator) = 0 at boundary
