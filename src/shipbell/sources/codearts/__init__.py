"""Huawei CodeArts: pipeline runs, checks and deployments as its API objects have them."""
