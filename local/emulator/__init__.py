"""The local AWS: MiniStack with IAM enforced, and the extensions that bring it nearer to AWS.

`manager` starts and stops it, `envs` builds its two environments, `server` is the program that runs under the first.
"""
