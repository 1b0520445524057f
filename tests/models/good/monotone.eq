# A growth that rises with the food and falls with the crowd, and a friction that opposes every speed.
state food, crowd in (0, inf)
state speed
learned growth(food, crowd) by mlp(8) with increasing(food), decreasing(crowd), growth(0, 0) = 0
learned friction(speed, food) by mlp(8, act = tanh) with increasing(speed), odd(speed), even(food)
learned uptake(food) by mlp(8) with uptake >= 0, increasing(food)
dt(food) = -uptake
dt(crowd) = growth
dt(speed) = -friction
