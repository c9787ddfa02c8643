@{
    RootModule             = 'module/PSSocketTools.psm1'
    ModuleVersion          = '0.1.0'
    GUID                   = '6f0d3c5e-2c0b-4a39-9b8e-3a1f6f1d7c52'
    Author                 = 'The PSSocketTools authors'
    CompanyName            = 'PSSocketTools'
    Copyright              = 'Copyright (c) 2026 The PSSocketTools authors. MIT License.'
    Description            = 'Sockets you script, test and look at as objects: start echo servers, connect and script client sessions, send messages down a pipeline, test ports.'
    PowerShellVersion      = '5.1'
    DotNetFrameworkVersion = '4.7.2'
    CompatiblePSEditions   = @('Desktop', 'Core')
    CmdletsToExport        = @(
        'Add-EchoServerFault'
        'Connect-EchoServer'
        'Disconnect-EchoConnection'
        'Disconnect-EchoServer'
        'Enter-EchoSession'
        'Find-AvailablePort'
        'Get-EchoConnection'
        'Get-EchoServer'
        'Get-EchoServerEvent'
        'Get-EchoServerFault'
        'Get-EchoSession'
        'Get-PortHolder'
        'Measure-EchoServer'
        'Merge-EchoMeasurement'
        'New-EchoCertificate'
        'Receive-SocketMessage'
        'Remove-EchoServerFault'
        'Send-SocketMessage'
        'Start-EchoServer'
        'Stop-EchoServer'
        'Test-PortAvailability'
        'Wait-EchoServer'
    )
    FunctionsToExport      = @()
    VariablesToExport      = @()
    AliasesToExport        = @()
    PrivateData            = @{
        PSData = @{
            Tags       = @('socket', 'tcp', 'udp', 'echo', 'server', 'client', 'port', 'network', 'testing', 'teaching', 'PSEdition_Desktop', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
            LicenseUri = 'https://opensource.org/license/mit'
            ProjectUri = 'https://github.com/PSSocketTools/PSSocketTools'
        }
    }
}
