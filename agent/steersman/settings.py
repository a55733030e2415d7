"""Settings: a file, the environment and flags, each overriding the one before.

`~/.config/steersman/config.toml` holds the fields below; the environment has them as `STEERSMAN_*`. Where neither says
anything, KUBECONFIG, PROMETHEUS_URL and ALERTMANAGER_URL count as everywhere else.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from steersman_tools.types import Frozen


def config_file() -> Path:
    """Where the settings file is, whether it exists or not."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(os.environ.get("STEERSMAN_CONFIG") or Path(home) / "steersman" / "config.toml")


def data_folder() -> Path:
    """Where this user's data is kept."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "steersman"


def _secret(name: str) -> SecretStr | None:
    value = os.environ.get(name)
    return SecretStr(value) if value else None


class McpServer(Frozen):
    """An MCP server: a URL, or a command that is started. Only the tools that `allow` names are offered to a model."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,20}$")
    url: str | None = None
    command: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    seconds: float = Field(20.0, gt=0)


class Settings(BaseSettings):
    """What can be set."""

    model_config = SettingsConfigDict(env_prefix="STEERSMAN_", extra="forbid", frozen=True)

    kubeconfig: Path | None = None
    """The kubeconfig file; none: as kubectl finds it."""
    context: str | None = None
    """The context in it; none: the current one."""
    bundle: Path | None = None
    """A folder or file to read instead of a cluster."""
    prometheus: str | None = Field(default_factory=lambda: os.environ.get("PROMETHEUS_URL"))
    """The URL of Prometheus."""
    alertmanager: str | None = Field(default_factory=lambda: os.environ.get("ALERTMANAGER_URL"))
    """The URL of Alertmanager, for silences."""

    rules: Path | None = None
    """The folder of your own rules; none: `rules` beside the settings file, if there is one."""
    node_operations: str = ""
    """The annotation on a Node by which an agent of yours is asked to reboot it (its value is then `reboot`); none: nobody listens."""

    ibm_key: SecretStr | None = Field(default_factory=lambda: _secret("QISKIT_IBM_TOKEN"))
    """The API key of an IBM Quantum account; with the next, its queues are read."""
    ibm_instance: str = Field(default_factory=lambda: os.environ.get("QISKIT_IBM_INSTANCE", ""))
    """The CRN of the instance."""
    ibm_url: str = "https://quantum.cloud.ibm.com/api/v1"
    ibm_iam_url: str = "https://iam.cloud.ibm.com"
    slurm: Literal["no", "commands"] = "no"
    """Whether quantum jobs go through a Slurm whose `squeue` and `scontrol` are on this machine."""
    slurm_qpus: tuple[str, ...] = ()
    """The licences that are QPUs; none: all."""
    braket_region: str | None = None
    """The AWS region of Braket devices; credentials as for the AWS command line."""
    braket_url: str | None = None
    """Another endpoint than Amazon's, for tests."""
    runbooks: tuple[Path, ...] = ()
    """Folders and git checkouts with your own runbooks, beside the starter library and what `steersman runbooks index` was given."""
    chroma_url: str | None = None
    """A chroma server for the index of runbooks; none: a folder below `data`."""
    embedding_url: str | None = None
    """An OpenAI-compatible embedding endpoint for runbooks; none: the offline model. What is asked and indexed goes there."""
    embedding_model: str | None = None
    embedding_key: SecretStr | None = None

    policy: Path | None = None
    """The policy file; none: the built-in one, which asks about everything and denies demolition."""
    data: Path = Field(default_factory=lambda: data_folder())
    """Where sessions are recorded."""
    source_of_truth: Literal["elsewhere", "may be overwritten"] = "elsewhere"
    """Whether objects that Argo CD, Flux or Helm declare may be written in the cluster."""

    oidc_issuer: str | None = None
    """An OpenID Connect issuer whose tokens the API takes beside its own; likewise the next three (docs/api.md)."""
    oidc_audience: str = "steersman"
    oidc_roles_claim: str = "roles"
    oidc_person_claim: str = "email"
    alerts_want: Literal["diagnosis", "healing"] = "diagnosis"
    """What an alert begins: a diagnosis, or a session with a plan that waits for approval."""

    model_url: str | None = None
    """An OpenAI-compatible endpoint, such as http://127.0.0.1:8080/v1; none: no model, and nothing is missing but words."""
    model_key: SecretStr | None = None
    model_name: str = ""
    model_seconds: float = Field(60.0, gt=0)
    """How long one answer may take, all calls together; likewise the next four."""
    model_tokens: int = Field(16_000, gt=0)
    model_turns: int = Field(6, gt=0)
    model_money: float | None = None
    model_prices: tuple[float, float] | None = None
    """What a million tokens cost, in and out."""
    mcp: tuple[McpServer, ...] = ()
    """Servers whose tools a model may use."""
    trace_endpoint: str | None = Field(default_factory=lambda: os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
    """Where spans go (OTLP over HTTP); none: nowhere."""
    trace_content: bool = False
    """Whether spans also hold what was asked and answered, redacted."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config_file())
