# Hare and lynx of which only hares are counted: the lynx start where it fits.
model hidden_lynx
state hare in (0, inf)
hidden state lynx in (0, inf)
param alpha = fit 1 in (0, 5)
param gamma = fit 1 in (0, 5)
init lynx = fit 1 in (0, 10)
dt(hare) = alpha*hare - hare*lynx
dt(lynx) = hare*lynx - gamma*lynx
