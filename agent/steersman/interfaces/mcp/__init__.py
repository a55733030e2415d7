"""The MCP server (docs/mcp.md): assistants may look, investigate and propose; the approval of a plan is a person's."""
