# What is compared is English, whatever the machine speaks.
[cultureinfo]::CurrentCulture = [cultureinfo]::CurrentUICulture = 'en-US'
