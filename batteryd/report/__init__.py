"""What an auditor gets: rows as pure values, written as CSV, JSON, XLSX and PDF, signed."""
