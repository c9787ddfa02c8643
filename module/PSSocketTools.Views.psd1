# A module of its own, so that PSSocketTools.psm1 says when it is loaded: PowerShell reads the types that a manifest names before anything else of its module.
@{
    ModuleVersion    = '0.0'
    GUID             = '0b8e0c64-6a0e-4a3c-9b7f-0d1d4e8f5c21'
    FormatsToProcess = @('PSSocketTools.Format.ps1xml')
    TypesToProcess   = @('PSSocketTools.Types.ps1xml')
}
