state é
dt(é) = -é
