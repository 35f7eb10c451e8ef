import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Known, loadTemplate, type Template } from '#local/template/template';

/** Loads the text as a file `template.yaml`. */
export const load = (yaml: string, parameters?: Readonly<Record<string, string>>, known?: Known): Template => {
  const folder = mkdtempSync(join(tmpdir(), 'unlatch-template-'));
  try {
    const path = join(folder, 'template.yaml');
    writeFileSync(path, yaml);
    return loadTemplate(path, parameters, known);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** A template with a bit of everything. */
export const stack = `
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters:
  ResponseRole:
    Type: String
    Default: '*CadoResponse*'
    Description: The role's name, with wildcards
    AllowedPattern: '[\\w*?+=,.@-]+'
  Seconds: { Type: Number, Default: 30, MinValue: 1, MaxValue: 900 }
  Regions: { Type: CommaDelimitedList, Default: 'eu-west-3, eu-west-1' }
  Notify: { Type: String, Default: 'no', AllowedValues: ['yes', 'no'] }
Mappings:
  Sizes:
    eu-west-3: { Segment: 64, Names: [a, b] }
Conditions:
  Notifies: !Equals [!Ref Notify, 'yes']
  Quiet: !Not [!Condition Notifies]
  Both: !And [!Condition Notifies, !Equals [!Ref AWS::Region, eu-west-3]]
  Either: !Or [!Condition Quiet, !Condition Both]
Globals:
  Function:
    Runtime: nodejs24.x
    CodeUri: .
    Timeout: 10
    Environment:
      Variables: { LEVEL: INFO, TABLE: !Ref Table }
Resources:
  ObserveFunction:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: esbuild
      BuildProperties: { EntryPoints: [functions/observe/handler.ts] }
    Properties:
      Handler: handler.handler
      Timeout: !Ref Seconds
      Environment:
        Variables:
          LEVEL: DEBUG
          REMEDIATE: !Ref RemediateFunction.Alias
          TOPIC: !If [Notifies, !Ref Topic, !Ref AWS::NoValue]
          COUNT: 5
      Policies:
        - AWSXrayWriteOnlyAccess
        - DynamoDBCrudPolicy: { TableName: !ImportValue elsewhere }
        - !ImportValue a-managed-policy
        - Statement:
            - Effect: Allow
              Action: lambda:InvokeFunction
              Resource: !Sub '\${RemediateFunction.Arn}:*'
              Condition: { StringEquals: { 'aws:ResourceAccount': !Ref AWS::AccountId } }
        - !If
          - Notifies
          - Version: '2012-10-17'
            Statement: { Effect: Allow, Action: 'sns:Publish', Resource: !Ref Topic }
          - !Ref AWS::NoValue
      Events:
        Denials:
          Type: EventBridgeRule
          Properties:
            State: ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS
            Pattern:
              source: [aws.kms]
              detail:
                errorCode: [AccessDenied, AccessDeniedException]
                userIdentity: { arn: [{ wildcard: !Sub '*:assumed-role/\${ResponseRole}/*' }] }
        Copies:
          Type: EventBridgeRule
          Properties:
            RuleName: !Sub '\${AWS::StackName}-copies'
            State: !If [Notifies, ENABLED, DISABLED]
            Pattern: { source: [aws.ec2] }
        Nightly:
          Type: ScheduleV2
          Properties: { ScheduleExpression: rate(1 day) }
  RemediateFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/remediate/
      Handler: handler.handler
      AutoPublishAlias: live
      DurableConfig: { ExecutionTimeout: 86400 }
  NotifyFunction:
    Type: AWS::Serverless::Function
    Condition: Notifies
    Properties:
      Handler: functions/notify/handler.handler
      Events:
        Any: { Type: EventBridgeRule, Properties: { Pattern: { source: [{ prefix: aws. }] } } }
  FindingRule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [aws.guardduty] }
      Targets:
        - { Id: bus, Arn: !Sub 'arn:\${AWS::Partition}:events:eu-west-1:777788889999:event-bus/default' }
        - { Id: observe, Arn: !GetAtt ObserveFunction.Arn }
        - { Id: remediate, Arn: !Ref RemediateFunction.Alias }
  ClockRule:
    Type: AWS::Events::Rule
    Properties: { ScheduleExpression: rate(1 day), Targets: [{ Arn: !GetAtt Unheard.Of }] }
  Table: { Type: AWS::DynamoDB::Table }
  Topic: { Type: AWS::SNS::Topic, Condition: Notifies }
`;
