"""All of ml-infra in one install: the four distributions, a facade over them and the ml-utils command."""
