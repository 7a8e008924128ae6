"""wagate: a self-hosted, multi-tenant WhatsApp gateway. ARCHITECTURE.md says what each package is."""
