"""The three problems of APHYNITY (Yin et al., arXiv 2010.04456) with seven degrees of prior knowledge each."""
