# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# lint.ps1 FILE ...: names what PowerShell modules of this collection must not have, by the parser of PowerShell 7. What
# Windows PowerShell 5.1 cannot parse is found as the parts of a script that only 7 has. Prints file:line: what is wrong.
# lint.ps1 scripts FILE ...: the same of scripts that are no modules, and may call what they like.

using namespace System.Management.Automation.Language

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

# The cmdlets of 5.1 that modules may call, and their parameters where those of 7 are more
$cmdlets = @{
    'ForEach-Object' = @('Process', 'Begin', 'End', 'InputObject', 'MemberName', 'ArgumentList')
    'Get-CimInstance' = @('Namespace', 'ClassName', 'Filter', 'Property', 'ErrorAction')
    'New-Object' = @('TypeName', 'ArgumentList')
    'Set-StrictMode' = @('Version')
    'Where-Object' = @('FilterScript', 'InputObject', 'Property', 'Value')
    'Sort-Object' = @('Property', 'Unique')
    'Join-Path' = @('Path', 'ChildPath')
    'Out-Null' = @()
}
$names = @{
    'TernaryExpressionAst' = 'the operator ? :'
    'PipelineChainAst' = 'the operator && or ||'
    'UsingStatementAst' = 'using'
    'TypeDefinitionAst' = 'class or enum'
    'ConfigurationDefinitionAst' = 'configuration'
    'TrapStatementAst' = 'trap'
}

function Read-Fault {
    param ($Path)

    $tokens = $errors = $null
    $ast = [Parser]::ParseFile($Path, [ref]$tokens, [ref]$errors)
    foreach ($fault in $errors) { , @($fault.Extent.StartLineNumber, "does not parse: $($fault.ErrorId)") }

    $line = 0
    foreach ($text in [System.IO.File]::ReadAllLines($Path)) {
        $line++
        if ($text -cmatch '[^\x20-\x7e]') { , @($line, 'a character that is not ASCII') }
        if ($text -cmatch '\s$') { , @($line, 'space at the end') }
        if ($text.Length -gt 130) { , @($line, 'longer than 130 characters') }
    }
    foreach ($token in $tokens) {
        if ($token.Kind -in @('QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot', 'QuestionLBracket')) {
            , @($token.Extent.StartLineNumber, "the operator $($token.Text)")
        }
    }

    $own = @($ast.FindAll({ $args[0] -is [FunctionDefinitionAst] }, $true) | ForEach-Object { $_.Name })
    foreach ($node in $ast.FindAll({ $true }, $true)) {
        $at = $node.Extent.StartLineNumber
        $kind = $node.GetType().Name
        if ($names.ContainsKey($kind)) { , @($at, $names[$kind]) }
        if ($node -is [PipelineAst] -and $node.Background) { , @($at, 'the operator & at the end') }
        if ($node -is [NamedBlockAst] -and $node.BlockKind -eq 'Clean') { , @($at, 'the block clean') }
        if ($node -is [StringConstantExpressionAst] -or $node -is [ExpandableStringExpressionAst]) {
            if ($node.Value -match '\.(exe|dll|ps1|cmd|bat)\b') { , @($at, "a program without the folder that it is in: $($node.Value)") }
            if ($node.Value -match '^\.{1,2}[\\/]') { , @($at, "a path that depends on where this runs: $($node.Value)") }
        }
        if ($node -is [CommandAst]) {
            $command = $node.GetCommandName()
            if ($null -eq $command) { , @($at, 'a command without a name') }
            elseif ($command -cin $own) { }
            elseif ($command -cnotin @($cmdlets.Keys)) { , @($at, "the command $command") }
            else {
                foreach ($part in @($node.CommandElements | Select-Object -Skip 1)) {
                    if ($part -is [CommandParameterAst] -and $part.ParameterName -cnotin $cmdlets[$command]) {
                        , @($part.Extent.StartLineNumber, "$command -$($part.ParameterName)")
                    }
                }
                $first = @($node.CommandElements | Select-Object -Skip 1 -First 1)
                if ($first.Count -gt 0 -and $first[0] -isnot [CommandParameterAst]) { , @($at, "$command without the name of a parameter") }
            }
        }
        if ($node -is [MemberExpressionAst] -and "$($node.Member)" -in @('InvokeScript', 'AddScript')) { , @($at, "runs text: $($node.Member)") }
        if ($node -is [InvokeMemberExpressionAst] -and "$($node.Expression)" -match 'ScriptBlock' -and "$($node.Member)" -eq 'Create') {
            , @($at, 'runs text: ScriptBlock.Create')
        }
        if ($node -is [TypeExpressionAst] -and "$($node.TypeName)" -in @('System.Console', 'Console')) { , @($at, 'writes by itself: Console') }
    }

    # Strict before anything else is done, and nothing of this collection before Create, which ansible-test runs alone
    $statements = @($ast.EndBlock.Statements)
    if ($statements.Count -eq 0 -or "$($statements[0])" -cne 'Set-StrictMode -Version 2') { , @(1, 'does not begin with Set-StrictMode -Version 2') }
    if ($statements.Count -lt 2 -or "$($statements[1])" -cne "`$ErrorActionPreference = 'Stop'") { , @(1, 'does not set $ErrorActionPreference to Stop') }
    $created = @($ast.FindAll({ $args[0] -is [InvokeMemberExpressionAst] -and "$($args[0])" -like '`[Ansible.Basic.AnsibleModule`]::Create(*' }, $true))
    if ($created.Count -ne 1) { , @(1, 'does not call [Ansible.Basic.AnsibleModule]::Create() once') }
    else {
        foreach ($type in $ast.FindAll({ $args[0] -is [TypeExpressionAst] -or $args[0] -is [StringConstantExpressionAst] }, $true)) {
            $isBefore = $type.Extent.StartOffset -lt $created[0].Extent.StartOffset
            if ($isBefore -and "$type" -like '*ansible_collections.*') { , @($type.Extent.StartLineNumber, 'is used before Create()') }
        }
        if ("$($ast)" -cnotmatch 'supports_check_mode = \$true') { , @(1, 'does not support check mode') }
    }
}

$found = $false
$isOfAll = '^(does not parse|a character|space at|longer than|the operator|the block|using|class or|configuration|ForEach-Object -)'
$areScripts = $args.Count -gt 0 -and $args[0] -ceq 'scripts'
foreach ($path in @($args | Select-Object -Skip ([int]$areScripts))) {
    foreach ($fault in @(Read-Fault -Path $path)) {
        if ($areScripts -and $fault[1] -cnotmatch $isOfAll) { continue }
        $found = $true
        '{0}:{1}: {2}' -f $path, $fault[0], $fault[1]
    }
}
exit [int]$found
